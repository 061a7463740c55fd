export type {
  Failure,
  Http2Client,
  Http2ClientOptions,
  RequestSource,
  Response,
  ResponseHandler,
} from './client.ts';
export { createNodeClient } from './node.ts';
