/** Why the embedded database cannot run, in sentences that name the way out. */

/** The embedded database cannot run on this machine at all; `DATABASE_URL` is the way out. */
export class NoEmbeddedPostgres extends Error {
  constructor(why: string) {
    super(`${why} Set DATABASE_URL to a PostgreSQL 14 or newer of your own instead.`);
    this.name = 'NoEmbeddedPostgres';
  }
}

export class DataDirectoryInUse extends Error {
  constructor(dataDir: string, who: string) {
    super(`Another server (${who}) works in ${dataDir}. Stop it, or choose another TOCSIN_DATA_DIR.`);
    this.name = 'DataDirectoryInUse';
  }
}

/** The data directory cannot be used as it is: closed, full, of another version or of another user. */
export class DataDirectoryUnusable extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = 'DataDirectoryUnusable';
  }
}

/** PostgreSQL's own words (LC_ALL=C) → ours. The first that matches is used. */
const SENTENCES: readonly (readonly [RegExp, (dataDir: string) => Error])[] = [
  [
    /error while loading shared libraries: (\S+?):/,
    () =>
      new NoEmbeddedPostgres('The embedded PostgreSQL misses a system library (libstdc++ on slim images).'),
  ],
  [
    /No space left on device|Disk quota exceeded/,
    (dataDir) =>
      new DataDirectoryUnusable(
        `The disk of ${dataDir} is full. Make room, or choose another TOCSIN_DATA_DIR.`,
      ),
  ],
  [
    /database files are incompatible with server/,
    (dataDir) =>
      new DataDirectoryUnusable(
        `The files in ${dataDir} were made by another major version of PostgreSQL. Start the version of Tocsin that made them.`,
      ),
  ],
  [
    /could not look up effective user ID (\d+)/,
    () =>
      new NoEmbeddedPostgres(
        'The embedded PostgreSQL cannot be set up by a user id that has no entry in /etc/passwd.',
      ),
  ],
  [
    /Permission denied|Read-only file system|has wrong ownership/,
    (dataDir) =>
      new DataDirectoryUnusable(
        `The embedded PostgreSQL may not write in ${dataDir}. Give it to the user that runs the server, or choose another TOCSIN_DATA_DIR.`,
      ),
  ],
];

/** The error for what PostgreSQL (or the system) said; its own words follow the sentence. */
export function explain(said: string, dataDir: string): Error {
  const known = SENTENCES.find(([pattern]) => pattern.test(said));
  if (!known) return new Error(`The embedded PostgreSQL did not start in ${dataDir}: ${said}`);
  const error = known[1](dataDir);
  error.message += ` (${said})`;
  return error;
}
