import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';

export interface ReceivedPublish {
  readonly topic: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly payload: Buffer;
  /** The payload, parsed. */
  readonly json: unknown;
}

export interface FakeMqttBrokerOptions {
  /** Clients must present these; everybody is let in without. */
  readonly username?: string;
  readonly password?: string;
}

/** A real MQTT 3.1.1 broker (aedes refuses MQTT 5) on 127.0.0.1 that records what is published. */
export async function startFakeMqttBroker(options: FakeMqttBrokerOptions = {}): Promise<FakeMqttBroker> {
  const broker = new FakeMqttBroker(options);
  await broker.up();
  return broker;
}

export class FakeMqttBroker {
  /** Everything clients published, oldest first. */
  readonly received: ReceivedPublish[] = [];
  /** Publishes that were never acknowledged. */
  stalled = 0;
  private readonly options: FakeMqttBrokerOptions;
  private readonly sockets = new Set<Socket>();
  private running: { readonly aedes: Aedes; readonly server: Server } | null = null;
  private port = 0;
  private silent = false;

  constructor(options: FakeMqttBrokerOptions) {
    this.options = options;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** While silent nothing that is published is acknowledged. */
  stall(silent = true): void {
    this.silent = silent;
  }

  /** Breaks every connection and takes no new ones. */
  async down(): Promise<void> {
    const { running } = this;
    if (running === null) return;
    this.running = null;
    const closed = new Promise<void>((resolve) => running.server.close(() => resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
    await new Promise<void>((resolve) => running.aedes.close(() => resolve()));
  }

  /** Listens again, on the same port. */
  async up(): Promise<void> {
    const aedes = await Aedes.createBroker({
      authenticate: (_client, username, password, done) => done(null, this.mayEnter(username, password)),
      authorizePublish: (_client, packet, done) => {
        if (this.silent) {
          this.stalled++;
          return;
        }
        const payload = Buffer.from(packet.payload);
        const { topic, qos, retain } = packet;
        this.received.push({ topic, qos, retain, payload, json: JSON.parse(payload.toString()) });
        done(null);
      },
    });
    const server = createServer((socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.running = { aedes, server };
  }

  close(): Promise<void> {
    return this.down();
  }

  private mayEnter(username: string | undefined, password: Buffer | undefined): boolean {
    if (this.options.username === undefined) return true;
    return username === this.options.username && password?.toString() === this.options.password;
  }
}
