/** The part of the server's logger the broker uses. */
export interface Log {
  info(context: object, message: string): void;
  warn(context: object, message: string): void;
}
