import { wholeNumber } from '@tocsin/contract';
import { z } from 'zod';

/** 204 without a body. */
export const noContent = { 204: z.null() };

/** Ids stay below 2^53, so that every client can hold them. */
export const rowParameter = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** In lower case, as it is stored and compared. */
const uuid = z.uuid('must be a UUID').toLowerCase();
export const serviceId = uuid;
export const sessionId = uuid;
export const serviceParams = z.object({ serviceId });
export const userParams = z.object({ id: rowParameter });
