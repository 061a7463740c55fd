/** Bytes of a response body that are kept; providers answer with less than 1 KiB. */
export const BODY_LIMIT = 65_536;
