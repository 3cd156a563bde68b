import type { Api } from '../../contract'
import { HOME_PATH } from './asks'
import { MOCK, REAL } from './settings'

/** No limit is published; 10 requests a minute, 2 s apart, is what the users of this API know as its default. */
export const toastmasters: Api = {
  url: { setting: 'TOASTMASTERS_URL', mock: { setting: 'USE_MOCK_DATA', of: REAL, url: MOCK } },
  limit: { scope: 'ip', requests: 10, perMs: 60_000, spacingMs: 2_000, concurrent: 3 },
  livePath: HOME_PATH,
  liveTypes: ['text/html'],
  inProcess: 3,
}
