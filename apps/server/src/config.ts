/**
 * The only reader of the environment. Settings come from the environment, then from the YAML file
 * (`TOCSIN_CONFIG`, default `tocsin.yaml` in the working directory); all mistakes are reported together.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { HTTP_FILES } from './http-settings.ts';
import { SECRET_SETTINGS, SETTINGS, type Settings } from './settings.ts';
import { settingsMistakes } from './settings-together.ts';
import { SIGN_IN_FILES } from './sign-in-settings.ts';

export type Role = 'api' | 'worker' | 'scheduler' | 'broker';
export const ROLES: readonly Role[] = ['api', 'worker', 'scheduler', 'broker'];

export interface Config extends Settings {
  readonly roles: ReadonlySet<Role>;
  readonly node: string;
  readonly dataDir: string;
  readonly keyFile: string;
  /** Contents of the files named by the *_FILE settings, by setting. */
  readonly files: Readonly<Partial<Record<FileSetting, string>>>;
}

const FILE_SETTINGS = [
  ...SIGN_IN_FILES,
  ...HTTP_FILES,
  'APNS_KEY_FILE',
  'APNS_CERT_FILE',
  'APNS_CA_FILE',
  'FCM_SERVICE_ACCOUNT_FILE',
  'FCM_CA_FILE',
  'WEBPUSH_CA_FILE',
] as const;
type FileSetting = (typeof FILE_SETTINGS)[number];

/** Every mistake found, one sentence each. The process exits 78 (EX_CONFIG of sysexits.h). */
export class ConfigError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(
      `The configuration has ${mistakes.length} mistake(s):\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.mistakes = mistakes;
  }
}

type Raw = Record<string, string>;

/** Reads and checks the whole configuration, as of `now` in ms since the epoch. Throws `ConfigError` with all mistakes. */
export function loadConfig(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
  now = Date.now(),
): Config {
  const mistakes: string[] = [];
  const raw = { ...fromYaml(environment, mistakes), ...fromEnvironment(environment, mistakes) };
  const { settings, wrong } = parseSettings(raw, mistakes);
  const roles = parseRoles(args, mistakes);
  const files = readFiles(settings, mistakes);
  // What is wrong by itself was said already, and need not be missed here.
  const together = settingsMistakes(settings, files, now).filter(
    (mistake) => !wrong.has(mistake.split(':')[0] ?? ''),
  );
  mistakes.push(...together);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  const dataDir = resolve(settings.TOCSIN_DATA_DIR);
  return {
    ...settings,
    roles,
    node: settings.TOCSIN_NODE ?? `${hostname()}-${process.pid}`,
    dataDir,
    keyFile: resolve(settings.TOCSIN_KEY_FILE ?? join(dataDir, 'secret.key')),
    files,
  };
}

/** The settings without those that are wrong by themselves, so that the others can still be looked at together. */
function parseSettings(raw: Raw, mistakes: string[]): { settings: Settings; wrong: ReadonlySet<string> } {
  const parsed = SETTINGS.safeParse(raw);
  if (parsed.success) return { settings: parsed.data, wrong: new Set() };
  const wrong = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
  for (const { path, message } of parsed.error.issues) mistakes.push(describe(path.join('.'), message, raw));
  const right = Object.fromEntries(Object.entries(raw).filter(([name]) => !wrong.has(name)));
  return { settings: SETTINGS.parse(right), wrong };
}

function describe(name: string, message: string, raw: Raw): string {
  const secret = (SECRET_SETTINGS as readonly string[]).includes(name);
  const value = raw[name];
  return value === undefined || secret
    ? `${name}: ${message}`
    : `${name}: ${message} (it is ${JSON.stringify(value)})`;
}

function fromEnvironment(environment: NodeJS.ProcessEnv, mistakes: string[]): Raw {
  const raw: Raw = {};
  for (const name of Object.keys(SETTINGS.shape)) {
    const value = environment[name];
    if (value !== undefined && value !== '') raw[name] = value;
  }
  for (const name of SECRET_SETTINGS) {
    const file = environment[`${name}_FILE`];
    if (file) readInto(raw, name, `${name}_FILE`, file, mistakes);
  }
  return raw;
}

function readInto(raw: Raw, name: string, setting: string, file: string, mistakes: string[]): void {
  try {
    raw[name] = readFileSync(file, 'utf8').trim();
  } catch (error) {
    mistakes.push(`${setting}: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}

function fromYaml(environment: NodeJS.ProcessEnv, mistakes: string[]): Raw {
  const named = environment.TOCSIN_CONFIG;
  const file = named || 'tocsin.yaml';
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (named || code !== 'ENOENT') mistakes.push(`TOCSIN_CONFIG: cannot read ${file} (${code})`);
    return {};
  }
  const raw: Raw = {};
  try {
    flatten(parseYaml(text), '', raw, mistakes, file);
  } catch (error) {
    mistakes.push(`${file}: ${(error as Error).message.split('\n')[0]}`);
  }
  return raw;
}

/** `apns: { key_id: X }` and `APNS_KEY_ID: X` mean the same. */
function flatten(value: unknown, prefix: string, raw: Raw, mistakes: string[], file: string): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    setKnown(raw, prefix, value.map(String).join(','), mistakes, file);
  } else if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      const name = key.toUpperCase().replaceAll('-', '_');
      flatten(inner, prefix === '' ? name : `${prefix}_${name}`, raw, mistakes, file);
    }
  } else if (prefix === '') {
    mistakes.push(`${file}: must be a list of settings, "NAME: value"`);
  } else {
    setKnown(raw, prefix, String(value), mistakes, file);
  }
}

function setKnown(raw: Raw, name: string, value: string, mistakes: string[], file: string): void {
  const base = name.replace(/_FILE$/, '');
  if (name in SETTINGS.shape) raw[name] = value;
  else if (name !== base && (SECRET_SETTINGS as readonly string[]).includes(base))
    readInto(raw, base, name, value, mistakes);
  else mistakes.push(`${file}: there is no setting ${name}`);
}

function parseRoles(args: readonly string[], mistakes: string[]): ReadonlySet<Role> {
  const chosen = new Set<Role>();
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] ?? '';
    if (argument === '--role' || argument.startsWith('--role=')) {
      const names = argument === '--role' ? (args[++i] ?? '') : argument.slice('--role='.length);
      for (const name of names.split(/[,|]/)) {
        if ((ROLES as readonly string[]).includes(name)) chosen.add(name as Role);
        else
          mistakes.push(
            `--role: there is no role ${JSON.stringify(name)}; the roles are ${ROLES.join(', ')}`,
          );
      }
    } else {
      mistakes.push(
        `unknown argument ${JSON.stringify(argument)}; the only one is --role ${ROLES.join('|')}`,
      );
    }
  }
  return chosen.size > 0 ? chosen : new Set(ROLES);
}

function readFiles(settings: Settings, mistakes: string[]): Partial<Record<FileSetting, string>> {
  const files: Raw = {};
  for (const name of FILE_SETTINGS) {
    const file = settings[name];
    if (file !== undefined) readInto(files, name, name, file, mistakes);
  }
  return files;
}
