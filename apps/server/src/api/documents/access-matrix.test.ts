/** Every route of the three OpenAPI documents × everybody who may ask. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startV3Server, type V3Server } from '../../../test/v3-server.ts';
import { CALLERS, createScene, type Scene } from './testing/access-scene.ts';
import { ACCESS, type AccessRow } from './testing/access-table.ts';

let server: V3Server;
beforeAll(async () => {
  // Nobody publishes for being nearby.
  server = await startV3Server({ networks: ['192.0.2.0/24'] });
});
afterAll(() => server.stop());

const fill = (text: string, ids: Scene['ids']) =>
  text.replace(/\{(\w+)\}/g, (_all, name) => ids[name] ?? '?');

/** Ids in bodies are numbers. */
const fillJson = (json: object, ids: Scene['ids']) =>
  fill(JSON.stringify(json).replace(/"(\{\w*[uU]serId\})"/g, '$1'), ids);

async function ask(version: string, route: string, row: AccessRow, scene: Scene): Promise<number> {
  const [method = '', path = ''] = route.split(' ');
  const names = [...(row.ids ?? [])];
  const filled = path.replace(/\{\w+\}/g, () => scene.ids[names.shift() ?? ''] ?? '?');
  const body = row.json ? fillJson(row.json, scene.ids) : row.form && fill(row.form, scene.ids);
  const answer = await fetch(`${server.origin}/api/${version}${filled}`, {
    method,
    headers: {
      ...(scene.token !== undefined && { authorization: `Bearer ${scene.token}` }),
      ...(body !== undefined && {
        'content-type': row.form ? 'application/x-www-form-urlencoded' : 'application/json',
      }),
    },
    ...(body !== undefined && { body: new TextEncoder().encode(body) }),
  });
  // The live stream never ends by itself.
  await answer.body?.cancel();
  return answer.status;
}

describe.each(['v1', 'v2', 'v3'])('the access matrix of %s', (version) => {
  it('has a row for every route, and none for what is no route', async () => {
    const { paths } = (await server.request('GET', `/api/${version}/openapi.json`)).json as {
      paths: Record<string, Record<string, object>>;
    };
    const routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map(
        (method) => `${method.toUpperCase()} ${path.replace(`/api/${version}`, '')}`,
      ),
    );
    expect(Object.keys(ACCESS[version] ?? {}).sort()).toEqual(routes.sort());
  });

  it.each(Object.entries(ACCESS[version] ?? {}))('%s', async (route, row) => {
    const statuses: Record<string, number> = {};
    for (const caller of CALLERS)
      statuses[caller] = await ask(version, route, row, await createScene(server, caller));
    expect(statuses).toEqual(row.expected);
  });
});
