/**
 * PUBACKs leave in the order of the PUBLISHes (MQTT 3.1.1 [MQTT-4.6.0-2]), yet the messages of one connection share
 * commits: each is checked after the one before it was checked, and answered after that was answered. How many wait
 * is bounded by aedes, which reads on only when what it read is answered.
 */
import type { Connection } from './connection.ts';

/** Rejects with what `check` or `act` threw; nothing that came later on this connection is acted on then. */
export async function inOrder<Checked>(
  connection: Connection,
  check: () => Promise<Checked>,
  act: (checked: Checked) => Promise<void>,
): Promise<void> {
  const before = connection.finished;
  const checked = connection.checked.then(async () => {
    if (connection.isRefused) throw new Error('an earlier message of this connection was refused');
    return check();
  });
  // Wrapped, so that the next message waits for the start of this one and not for its end.
  const started = checked.then((result) => ({ end: act(result) }));
  const finished = Promise.all([before, started.then(({ end }) => end)]);
  const refuse = () => {
    connection.isRefused = true;
  };
  connection.checked = started.catch(refuse);
  connection.finished = finished.catch(refuse);
  await finished;
}
