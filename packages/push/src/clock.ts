/** ms since the epoch. Passed in everywhere, so that tests move it instead of sleeping. */
export type Clock = () => number;
