import { z } from 'zod'
import { baseUrl, positive, type Settings } from '../../contract'

export const REAL = 'https://dashboards.toastmasters.org'
/** Where `yarn sandbox` serves the dashboards when its port is not changed. */
export const MOCK = 'http://127.0.0.1:4300/toastmasters'

const milliseconds = (ms: number) => positive.default(ms)

export const settings = {
  TOASTMASTERS_URL: {
    schema: baseUrl(REAL),
    about: 'Base URL of the Toastmasters dashboards.',
  },
  USE_MOCK_DATA: {
    schema: z.stringbool().default(false),
    about: `Reads the dashboards of the sandbox (\`${MOCK}\`) in place of the real ones.`,
  },
  CACHE_DIRECTORY: {
    schema: z.string().trim().optional(),
    about: 'Folder that keeps the cache of dashboard files on disk; without it the cache is in memory only.',
  },
  TOASTMASTERS_CONCURRENCY: {
    schema: z.coerce.number().int().min(1).max(10).default(3),
    about: 'Districts that a job reads at once, 1 to 10.',
  },
  TOASTMASTERS_SLOT_TIMEOUT_MS: { schema: milliseconds(300_000), about: 'How long reports may wait for a slot before an alert says so.' },
  TOASTMASTERS_QUEUE_LIMIT: { schema: positive.default(20), about: 'Reports that wait before a job rests looking for more.' },
  TOASTMASTERS_RETRY_ATTEMPTS: { schema: positive.default(3), about: 'Tries of one report.' },
  TOASTMASTERS_RETRY_BASE_MS: { schema: milliseconds(2_000), about: 'Wait before the second try of a report.' },
  TOASTMASTERS_RETRY_MAX_MS: { schema: milliseconds(30_000), about: 'Longest wait between two tries of a report.' },
  TOASTMASTERS_RETRY_FACTOR: {
    schema: z.coerce.number().min(1).default(2),
    about: 'Each wait between tries is this many times the one before.',
  },
  TOASTMASTERS_CACHE_TTL_MS: { schema: milliseconds(3_600_000), about: 'How long a dashboard file serves from the cache.' },
  TOASTMASTERS_CACHE_ENTRIES: { schema: positive.default(1_000), about: 'Most files in the cache.' },
  TOASTMASTERS_CACHE_BYTES: { schema: positive.default(50 * 1024 * 1024), about: 'Most bytes in the cache.' },
  TOASTMASTERS_CACHE_CLEANUP_MS: { schema: milliseconds(300_000), about: 'How often expired files are removed from the cache.' },
} satisfies Settings
