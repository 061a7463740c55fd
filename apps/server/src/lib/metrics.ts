/** All metric names of the server, in one place. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
  accepted(count: number): void;
  delivered(accepted: number, others: number): void;
  /** Read when the metrics are asked for. */
  watch(
    name: 'ingest_waiting' | 'live_listeners' | 'providers_parked',
    help: string,
    read: () => number,
  ): void;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const accepted = new Counter({
    name: 'tocsin_notifications_accepted_total',
    help: 'Notifications made durable',
    registers,
  });
  const deliveries = new Counter({
    name: 'tocsin_deliveries_total',
    help: 'Answers of providers',
    labelNames: ['outcome'],
    registers,
  });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    accepted: (count) => accepted.inc(count),
    delivered(taken, others) {
      deliveries.inc({ outcome: 'accepted' }, taken);
      deliveries.inc({ outcome: 'other' }, others);
    },
    watch(name, help, read) {
      new Gauge({
        name: `tocsin_${name}`,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    },
  };
}
