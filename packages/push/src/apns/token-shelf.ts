/** Where a provider token survives this process, and is shared with others that use the same key. */
export interface ShelvedToken {
  readonly token: string;
  /** ms since the epoch. */
  readonly madeAt: number;
}

/** Its failures cost nothing but a new token. */
export interface TokenShelf {
  load(): Promise<ShelvedToken | null>;
  save(token: ShelvedToken): Promise<void>;
}
