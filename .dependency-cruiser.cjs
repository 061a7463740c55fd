/**
 * The import law (docs/ARCHITECTURE.md). Who may import whom is listed positively: what is not listed is refused.
 * Tests and test tooling are exempt from the direction of imports, not from the ban on cycles.
 */
const TEST_CODE = '\\.test\\.tsx?$|\\.contract\\.ts$|(^|/)(test|testing|bench|e2e|examples)/';

/** Workspace packages are seen by their built folder, or by name while they are not built. */
const CONTRACT = '^(packages|@tocsin)/contract(/|$)';
const PUSH = '^(packages|@tocsin)/push(/|$)';
const SDK = '^(packages|@tocsin)/sdk(/|$)';
const OURS = '^(packages|apps|bench|e2e|@tocsin)/';

/** Folder of apps/server/src → the neighbours it may import, besides itself. */
const SERVER_FOLDERS = {
  administration: ['audit', 'identity', 'store', 'lib'],
  api: [
    'administration',
    'audit',
    'ingest',
    'receipts',
    'monitors',
    'integrations',
    'identity',
    'store',
    'live',
    'lib',
  ],
  audit: ['store', 'lib'],
  broker: ['ingest', 'receipts', 'store', 'identity', 'lib'],
  database: ['store', 'lib'],
  // The log's events and the receipt tokens are defined once, in receipts/.
  fanout: ['store', 'queue', 'transports', 'receipts', 'lib'],
  housekeeping: ['store', 'queue', 'lib'],
  identity: ['audit', 'store', 'lib'],
  ingest: ['store', 'queue', 'lib'],
  integrations: ['ingest', 'lib'],
  lib: [],
  live: ['store', 'lib'],
  maintenance: ['database', 'store', 'queue', 'lib'],
  monitors: ['ingest', 'store', 'queue', 'lib'],
  queue: ['store', 'lib'],
  receipts: ['store', 'lib'],
  store: ['lib'],
  transports: ['store', 'lib'],
};

/** Folders of the server that may use the sending library. */
const SENDERS = ['broker', 'fanout', 'integrations', 'transports'];

function serverFolderRule([folder, neighbours]) {
  const allowed = [folder, ...neighbours].join('|');
  return {
    name: `server-${folder}`,
    comment: `${folder}/ may import ${neighbours.join(', ') || 'nothing of ours'}; only app.ts and main.ts import everything.`,
    severity: 'error',
    from: { path: `^apps/server/src/${folder}/`, pathNot: TEST_CODE },
    to: { path: '^apps/server/', pathNot: `^apps/server/src/(${allowed})/` },
  };
}

module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle means that two files are one; merge them or turn one dependency around.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'contract-is-pure',
      comment:
        'The contract is imported by everything, also in browsers: it imports nothing of ours and does no I/O.',
      severity: 'error',
      from: { path: '^packages/contract/', pathNot: TEST_CODE },
      to: { path: OURS, pathNot: '^packages/contract/' },
    },
    {
      name: 'contract-no-io',
      comment: 'See contract-is-pure.',
      severity: 'error',
      from: { path: '^packages/contract/', pathNot: TEST_CODE },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'push-stands-alone',
      comment: 'The sending library is usable alone: nothing of ours, no database.',
      severity: 'error',
      from: { path: '^packages/push/', pathNot: TEST_CODE },
      to: { path: `${OURS}|(^|/)(pg|fastify)(/|$)`, pathNot: '^packages/push/' },
    },
    {
      name: 'sdk-from-contract',
      comment: 'The SDK knows the API by its contract only.',
      severity: 'error',
      from: { path: '^packages/sdk/', pathNot: TEST_CODE },
      to: { path: OURS, pathNot: [CONTRACT, SDK] },
    },
    {
      name: 'nobody-imports-an-app',
      comment: 'Apps talk through the wire. Benchmarks and end-to-end tests may start them.',
      severity: 'error',
      from: { path: '^(?:packages|apps)/([^/]+)/' },
      to: { path: '^(apps/|@tocsin/(server|inbox|console|cli))', pathNot: '^apps/$1/' },
    },
    {
      name: 'browser-apps-from-contract',
      comment: 'What runs in a browser knows the contract and the SDK, never the sending library.',
      severity: 'error',
      from: { path: '^apps/(inbox|console)/', pathNot: TEST_CODE },
      to: { path: OURS, pathNot: ['^apps/(inbox|console)/', CONTRACT, SDK] },
    },
    {
      name: 'push-library-users',
      comment: `In the server only ${SENDERS.join(', ')} send; the others may share its types.`,
      severity: 'error',
      from: {
        path: '^apps/server/src/[^/]+/',
        pathNot: [TEST_CODE, `^apps/server/src/(${SENDERS.join('|')})/`],
      },
      to: { path: PUSH, dependencyTypesNot: ['type-only'] },
    },
    ...Object.entries(SERVER_FOLDERS).map(serverFolderRule),
    {
      name: 'no-test-code-in-production',
      comment: 'Fakes, builders and harnesses stay in tests.',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/', pathNot: TEST_CODE },
      to: {
        path: '\\.test\\.tsx?$|^apps/[^/]+/test/|^packages/[^/]+/(dist/)?testing/|^@tocsin/[^/]+/testing',
      },
    },
    {
      name: 'server-folder-is-known',
      comment: 'A new folder of the server gets its line in SERVER_FOLDERS first.',
      severity: 'error',
      from: {
        path: '^apps/server/src/[^/]+/',
        pathNot: [TEST_CODE, `^apps/server/src/(${Object.keys(SERVER_FOLDERS).join('|')})/`],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    tsConfig: { fileName: '.dependency-cruiser.tsconfig.json' },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node'] },
  },
};
