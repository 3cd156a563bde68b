import type { FailureKind } from '../../contract'

/** Whether trying again helps, by kind of failure. */
export const failures: Record<string, FailureKind> = {
  fetch_failed: {
    again: 'helps',
    advice: 'The dashboards answered with something else than the page that was asked for. This passes: retry.',
  },
  snapshot_creation_failed: { again: 'may help', advice: 'The snapshot could not be written: the log says why.' },
  validation_failed: { again: 'may help', advice: 'The reports of the date do not agree: retry after the dashboards have been updated.' },
  processing_failed: {
    again: 'does not help',
    advice: 'The file has a cell that cannot be read: it will be the same, unless the dashboards replace it.',
  },
}
