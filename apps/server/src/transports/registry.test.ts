import type { DeviceKind, Transport } from '@tocsin/push';
import { describe, expect, it } from 'vitest';
import { scriptedTransport } from '../../test/transport.ts';
import { createRegistry } from './registry.ts';

const transportOf = (kind: DeviceKind): Transport => scriptedTransport(kind).transport;

describe('the registry', () => {
  const [production, sandbox, unknown, fcm] = [
    transportOf('apns'),
    transportOf('apns'),
    transportOf('apns'),
    transportOf('fcm'),
  ];
  const registry = createRegistry([
    { kind: 'apns', environment: 'production', transport: production },
    { kind: 'apns', environment: 'sandbox', transport: sandbox },
    { kind: 'apns', environment: '', transport: unknown },
    { kind: 'fcm', environment: '', transport: fcm },
  ]);

  it('two providers same platform: each device goes to the one it belongs to', () => {
    expect(registry.find('apns', 'production')).toBe(production);
    expect(registry.find('apns', 'sandbox')).toBe(sandbox);
    expect(registry.find('apns', '')).toBe(unknown);
  });

  it('serves every environment by a provider that has only one', () => {
    expect(registry.find('fcm', 'sandbox')).toBe(fcm);
  });

  it('has nothing for a kind that is not set up', () => {
    expect(registry.find('webpush', '')).toBeNull();
  });
});
