/** Which providers are parked, written down: for the other nodes, for the next process and for who asks. */
import type { Queryable } from '../store/database.ts';
import { deleteParking, listParkings, type ParkedProvider, putParking } from '../store/parking.ts';
import type { Parking } from './health.ts';

export interface ParkingBoard {
  note(parking: Parking): void;
  erase(provider: string): void;
  /** What any node noted. Rejects when the database is away. */
  list(): Promise<Parking[]>;
}

export function createParkingBoard(database: Queryable, onError: (error: Error) => void): ParkingBoard {
  let written: Promise<void> = Promise.resolve();
  // In order: a provider that recovers at once must not stay on the board.
  const write = (statement: () => Promise<void>) => {
    written = written.then(statement).catch(onError);
  };
  return {
    note: (parking) => write(() => putParking(database, toRow(parking))),
    erase: (provider) => write(() => deleteParking(database, provider)),
    async list() {
      await written;
      return (await listParkings(database)).map(fromRow);
    },
  };
}

function toRow(parking: Parking): ParkedProvider {
  return { ...parking, parkedAt: new Date(parking.parkedAt), parkedUntil: new Date(parking.parkedUntil) };
}

function fromRow(row: ParkedProvider): Parking {
  return { ...row, parkedAt: row.parkedAt.getTime(), parkedUntil: row.parkedUntil.getTime() };
}
