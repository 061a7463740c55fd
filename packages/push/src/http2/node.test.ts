import { http2ClientContract } from './client.contract.ts';
import { createNodeClient } from './node.ts';

http2ClientContract('createNodeClient', createNodeClient);
