import { http2ClientContract } from './client.contract.ts';
import { createCoreClient } from './core.ts';
import { http2FailuresContract } from './failures.contract.ts';

http2ClientContract('createCoreClient', createCoreClient);
http2FailuresContract('createCoreClient', createCoreClient);
