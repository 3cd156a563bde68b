/** What pages of district statistics count besides their records. */
export const counters = {
  files: 'Files that were read from the dashboards.',
  cache_hits: 'Files that were held already: in the cache of the process, on disk, or in the database.',
  mismatches: 'Files that are not what was asked for, and were refused.',
  dates_stored: 'Dates of a district that were stored whole.',
  dates_superseded: 'Versions of a date that a newer one took the place of.',
} satisfies Record<string, string>

/** What to do about files that are not what was asked for. */
export const advice = {
  mismatches:
    'The dashboards sent another file than the one asked for; nothing of it was stored. Retry the job later: its failed tasks ask again.',
} satisfies Partial<Record<keyof typeof counters, string>>
