import { z } from 'zod'
import { defineRefusals, type Problem } from '../../../contract'

/*
 * Errors as users of these routes know them: a code, a sentence, and what to do.
 */

const body = z
  .object({
    error: z.object({
      code: z.string(),
      message: z.string(),
      details: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
      suggestions: z.array(z.string()),
    }),
    request_id: z.string(),
  })
  .meta({ id: 'BackfillError' })

export const NO_DISTRICTS = 'No valid districts to process'

/** Codes of a refusal by its status, where a route has its own for something that is missing or does not fit. */
export interface Codes {
  missing: string
  conflict: string
}

const SUGGESTIONS: Record<string, string[]> = {
  VALIDATION_ERROR: ['Correct the fields named in details; dates are YYYY-MM-DD and before today.'],
  SCOPE_ERROR: [
    'Check the configured districts: GET /api/admin/districts/config.',
    'Leave targetDistricts out to read all configured districts.',
  ],
  INVALID_BACKFILL_ID: ['Use the backfillId of the answer to POST /api/districts/backfill.'],
  BACKFILL_NOT_FOUND: ['Check the backfillId; finished jobs are deleted after RETENTION_DAYS.'],
  SNAPSHOT_NOT_FOUND: ['List the snapshots: GET /api/admin/snapshots. Their ids are dates.'],
  CANNOT_CANCEL_JOB: ['Only a backfill that is being processed can be cancelled; GET it to see its status.'],
  CANNOT_RETRY_JOB: ['Only failed parts are retried; start a new backfill to read everything again.'],
  UNAUTHORIZED: ['Send the header Authorization: Bearer <token>.'],
  CONFIGURATION_ERROR: ['Run yarn doctor on the server; it names the setting.'],
  SERVICE_UNAVAILABLE: ['Wait as long as the header Retry-After says.'],
  INTERNAL_ERROR: ['Find the request_id in the log of the api process.'],
  RATE_LIMIT_EXCEEDED: ['Wait as long as the header Retry-After says.'],
}

function codeOf({ type, status, detail, errors }: Problem, { missing, conflict }: Codes): string {
  if (status === 404) return missing
  if (status === 409) return conflict
  if (status === 401 || status === 403) return 'UNAUTHORIZED'
  if (status === 429) return 'RATE_LIMIT_EXCEEDED'
  if (status === 503) return type === 'about:blank' ? 'CONFIGURATION_ERROR' : 'SERVICE_UNAVAILABLE'
  if (status >= 500) return 'INTERNAL_ERROR'
  if (detail.startsWith(NO_DISTRICTS)) return 'SCOPE_ERROR'
  return errors?.[0]?.field === 'id' ? 'INVALID_BACKFILL_ID' : 'VALIDATION_ERROR'
}

export const refusalsWith = (codes: Codes) =>
  defineRefusals({
    type: 'application/json',
    body,
    of(problem, { id }) {
      const code = codeOf(problem, codes)
      const { detail: message, errors: details } = problem
      return { error: { code, message, ...(details ? { details } : {}), suggestions: SUGGESTIONS[code] ?? [] }, request_id: id }
    },
  })
