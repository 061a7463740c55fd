import { z } from 'zod';

export const Receipt = z
  .strictObject({
    token: z.string().min(1).max(128),
    event: z.enum(['received', 'displayed', 'opened', 'dismissed']),
  })
  .meta({ id: 'Receipt' });
