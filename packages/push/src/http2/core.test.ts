import { http2ClientContract } from './client.contract.ts';
import { createCoreClient } from './core.ts';

http2ClientContract('createCoreClient', createCoreClient);
