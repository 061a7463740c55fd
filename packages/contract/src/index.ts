/** What crosses a process boundary: schemas per noun and the one error table. No I/O. */
export * from './access-key.ts';
export * from './audit.ts';
export * from './device.ts';
export * from './errors.ts';
export * from './group.ts';
export * from './inbox.ts';
export * from './notification.ts';
export * from './one-time-code.ts';
export * from './provider.ts';
export * from './query.ts';
export * from './receipt.ts';
export * from './removal.ts';
export * from './service.ts';
export * from './session.ts';
export * from './sign-in.ts';
export * from './text.ts';
export * from './user.ts';
