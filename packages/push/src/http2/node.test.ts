import { http2ClientContract } from './client.contract.ts';
import { http2FailuresContract } from './failures.contract.ts';
import { createNodeClient } from './node.ts';

http2ClientContract('createNodeClient', createNodeClient);
http2FailuresContract('createNodeClient', createNodeClient);
