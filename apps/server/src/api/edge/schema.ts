import { wholeNumber } from '@tocsin/contract';
import { z } from 'zod';

/** 204 without a body. */
export const noContent = { 204: z.null() };

/** Marks a route that needs no login, for the OpenAPI document. */
export const withoutLogin: { security: Record<string, string[]>[] } = { security: [] };

/** Ids stay below 2^53, so that every client can hold them. */
export const rowId = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** In lower case, as it is stored and compared. */
const serviceId = z.uuid('must be a UUID').toLowerCase();
export const serviceParams = z.object({ serviceId });
