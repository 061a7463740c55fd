/** Every text that a request body may carry, out of the OpenAPI documents, and why some are shown nowhere. */
import { HOSTILE_TEXTS } from './hostile-texts.ts';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

interface Operation {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
}

/** `[]` is every entry of a list, `{}` every value of a record and `{name}` the names of its values. */
export type Step = string;

export interface TextField {
  /** `v3 POST /services`. */
  readonly route: string;
  readonly steps: readonly Step[];
}

export const fieldName = ({ route, steps }: TextField) => `${route} ${steps.join('.')}`;

/** The fields that may hold a hostile text. `version` names the document. */
export function textFields(version: string, document: OpenApi): readonly TextField[] {
  return Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { requestBody }]) => {
      const route = `${version} ${method.toUpperCase()} ${path.replace(`/api/${version}`, '')}`;
      const schemas = Object.values(requestBody?.content ?? {}).map(({ schema }) => schema);
      const found = schemas.flatMap((schema) => stepsIn(document, schema));
      return [...new Map(found.map((steps) => [steps.join('.'), { route, steps }])).values()];
    }),
  );
}

function stepsIn(document: OpenApi, schema: Schema): Step[][] {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return stepsIn(document, document.components?.schemas?.[name] ?? {});
  const under = (step: Step, part: Schema) => stepsIn(document, part).map((steps) => [step, ...steps]);
  const { additionalProperties: values } = schema;
  return [
    ...(isOpenText(schema) ? [[]] : []),
    ...[...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])].flatMap((part) =>
      stepsIn(document, part),
    ),
    ...Object.entries(schema.properties ?? {}).flatMap(([property, part]) => under(property, part)),
    ...(schema.items ? under('[]', schema.items) : []),
    ...(schema.propertyNames ? under('{name}', schema.propertyNames) : []),
    ...(typeof values === 'object' ? under('{}', values) : []),
  ];
}

/** Whether the schema lets any hostile text through. */
function isOpenText({ type, format, pattern, enum: values }: Schema): boolean {
  if (![type].flat().includes('string') || values || format === 'uuid' || format === 'date-time')
    return false;
  return pattern === undefined || HOSTILE_TEXTS.some(({ text }) => new RegExp(pattern).test(text));
}

/** What stands in `body` where the steps lead. */
export function valuesAt(body: unknown, [step, ...rest]: readonly Step[]): unknown[] {
  if (step === undefined) return [body];
  if (typeof body !== 'object' || body === null) return [];
  if (step === '{name}') return Object.keys(body).flatMap((name) => valuesAt(name, rest));
  if (step === '[]' || step === '{}') return Object.values(body).flatMap((value) => valuesAt(value, rest));
  return Object.entries(body).flatMap(([name, value]) => (name === step ? valuesAt(value, rest) : []));
}

const ONLY_ITS_HASH = 'only its hash is kept';
const NOT_KEPT = 'is compared or passed on, and not kept';

/** Fields that need no planting, each with its reason. */
export const SHOWN_NOWHERE: Readonly<Record<string, string>> = {
  'v3 POST /sessions password': NOT_KEPT,
  'v3 PUT /me/password current': NOT_KEPT,
  'v3 PUT /me/password next': ONLY_ITS_HASH,
  'v3 POST /users password': ONLY_ITS_HASH,
  'v3 PATCH /users/{id} password': ONLY_ITS_HASH,
  'v3 DELETE /me password': NOT_KEPT,
  'v3 POST /one-time-codes/look code': NOT_KEPT,
  'v3 POST /one-time-codes/use code': NOT_KEPT,
  'v3 POST /one-time-codes/use password': ONLY_ITS_HASH,
  'v3 POST /one-time-codes/use register.credential': 'a key to encrypt for a browser; no answer has it',
  'v3 POST /devices credential': 'a key to encrypt for a browser; no answer has it',
  'v3 POST /receipts token': NOT_KEPT,
  'v3 PUT /providers/apns p8': 'a private key; no answer has it',
  'v3 PUT /providers/fcm serviceAccount.private_key': 'a private key; no answer has it',
  'v1 POST /login username': 'looks up a user that `v3 POST /users` made',
  'v1 POST /login password': NOT_KEPT,
  'v2 POST /login username': 'looks up a user that `v3 POST /users` made',
  'v2 POST /login password': NOT_KEPT,
  ...Object.fromEntries(
    ['code', 'code_verifier', 'client_id', 'redirect_uri'].flatMap((field) => [
      [`v1 POST /open_id_connect ${field}`, NOT_KEPT],
      [`v2 POST /open_id_connect ${field}`, NOT_KEPT],
    ]),
  ),
  'v1 PATCH /services/{service_id} color': 'is refused unless it is six hex digits',
  'v2 PATCH /services/{service_id} color': 'is refused unless it is six hex digits',
  'v2 DELETE /users/{user_id}/device-token device_token': NOT_KEPT,
};
