import type { FailureKind } from '../../contract'

/** Whether trying again helps, by kind of failure. */
export const failures: Record<string, FailureKind> = {
  blocked: { again: 'helps', advice: 'zKillboard asked for a pause. It has passed when the task is tried again.' },
  upstream_error: { again: 'helps', advice: "zKillboard's own worker failed. Such faults pass: retry." },
  unsteady_listing: { again: 'may help', advice: 'The pages of zKillboard changed while they were read: retry when fewer kills come in.' },
  key: { again: 'does not help', advice: 'The task names no listing of zKillboard: start a new job.' },
  parameter: { again: 'does not help', advice: 'zKillboard refuses the parameters: start a new job with others.' },
  truncated: { again: 'does not help', advice: 'zKillboard gives no more pages of this month; the older part of it cannot be read so.' },
}
