/** Fake providers over the real wire, as strict as the vendors, for this package's tests and for yours. */
export * from './apns/index.ts';
export { outcomesOf, sampleBatch, sampleNotification } from './batch.ts';
export { type Certificate, newCertificate, selfSignedCertificate } from './certificate.ts';
export * from './fcm/index.ts';
export * from './mqtt/index.ts';
export * from './webpush/index.ts';
