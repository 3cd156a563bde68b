import { z } from 'zod'

/*
 * What a request means at the moment its job is started. It is kept with the job, so that a retry days later reads the same dates of
 * the same districts.
 */

const DETAILS = ['summary', 'full'] as const
/** `summary`: one line for each district; `full`: its clubs too. */
export type Detail = (typeof DETAILS)[number]

export const strategy = z.object({
  type: z.enum(['system-wide', 'per-district', 'targeted']),
  refreshMethod: z.object({
    name: z.enum(['getAllDistricts', 'getDistrictPerformance', 'getMultipleDistricts']),
    params: z.object({ districtIds: z.array(z.string()).optional(), includeDetails: z.boolean().optional() }),
  }),
  rationale: z.string(),
  estimatedEfficiency: z.number(),
  targetDistricts: z.array(z.string()).optional(),
})
/** How the statistics are read, and why so. */
export type Strategy = z.infer<typeof strategy>

export const prepared = z.object({
  /** Files read before this moment are read again. */
  since: z.iso.datetime(),
  /** When the job was started, or what is missing of it was planned again: lists of open months are read again then. */
  startedAt: z.iso.datetime(),
  /** Of a job that was planned again, when it was started: what was stored since then is not missing. */
  storedSince: z.iso.datetime().optional(),
  /** The day of `startedAt`, UTC. */
  today: z.string(),
  /** Districts that are read; null: every district of a date's summary. */
  districts: z.array(z.string()).nullable(),
  configured: z.array(z.string()),
  /** Districts that were named and are not configured. */
  outside: z.array(z.string()),
  scopeType: z.enum(['system-wide', 'targeted', 'single-district']),
  strategy,
  detail: z.enum(DETAILS),
  concurrency: z.number(),
  tries: z.object({ attempts: z.number(), baseMs: z.number(), maxMs: z.number(), factor: z.number() }),
  backlog: z.number(),
})
export type Prepared = z.infer<typeof prepared>
