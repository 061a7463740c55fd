import { expect, test } from 'vitest';
import { isScreen } from './routes.ts';

test.each(['/', '/messages', '/messages/42', '/services', '/settings', '/settings/pair', '/welcome'])(
  '%s is a screen of the app',
  (path) => {
    expect(isScreen(path)).toBe(true);
  },
);

test.each(['/api/docs', '/api/v3/me', '/ping/1', '/metrics', '/messagesfoo', '/sw.js'])(
  '%s belongs to the server, also when the app is installed',
  (path) => {
    expect(isScreen(path)).toBe(false);
  },
);
