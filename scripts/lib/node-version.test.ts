import { expect, test } from 'vitest';
import { nodeComplaint } from './node-version.mjs';

test.each(['20.19.0', '20.20.2', '22.0.0', '24.21.0'])('Node %s will do', (version) => {
  expect(nodeComplaint(version)).toBeNull();
});

test.each(['18.20.8', '20.18.3'])('Node %s is refused with a sentence that names it', (version) => {
  expect(nodeComplaint(version)).toMatch(`needs Node 20.19 or newer; this is Node ${version}`);
});
