export type {
  Failure,
  Http2Client,
  Http2ClientOptions,
  RequestSource,
  Response,
  ResponseHandler,
} from './client.ts';
export { createCoreClient } from './core.ts';
export { createNodeClient } from './node.ts';
