import { z } from 'zod';

/** 204 without a body. */
export const noContent = { 204: z.null() };

/** Ids stay below 2^53, so that every client can hold them. */
export const rowId = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
export const serviceParams = z.object({ serviceId: z.uuid() });
