import type { FailureKind, Source } from '../contract'

/*
 * Whether trying again helps, by the kind of a failure: declared here once for what the HTTP edge and the engine throw, and by each
 * source for its own kinds.
 */

const RECOVERS = 'The upstream could not be reached or could not serve. Such outages pass: retry once it answers again.'
const REFUSED = 'The upstream refuses this request, and gives the same request the same answer.'

const KINDS: Record<string, FailureKind> = {
  connection: { again: 'helps', advice: RECOVERS },
  timeout: { again: 'helps', advice: 'The upstream did not answer in time. This passes: retry once it is fast again.' },
  down: { again: 'helps', advice: RECOVERS },
  no_answer: { again: 'helps', advice: 'Something before the upstream answered in its place. This passes: retry once it answers itself.' },
  blocked_page: {
    again: 'may help',
    advice: 'The upstream answered with a web page, as it does for clients that it blocks: retry later, and check CONTACT if it goes on.',
  },
  html: { again: 'may help', advice: 'A web page came instead of data, as during maintenance: retry later.' },
  redirect: { again: 'may help', advice: 'The upstream sends the request elsewhere: check its base URL in the settings, then retry.' },
  content_type: {
    again: 'may help',
    advice: 'Another type of data came than was asked for: retry; if it comes again, the upstream has changed.',
  },
  not_json: { again: 'may help', advice: 'The answer was cut off or is no JSON: retry; if it comes again, the upstream has changed.' },
  shape: {
    again: 'may help',
    advice: 'The answer has another form than this version reads: retry once; if it fails again, an update of Backhaul is needed.',
  },
  range: { again: 'may help', advice: 'The upstream did not send the part of a file that was asked for: retry.' },
  too_large: { again: 'does not help', advice: 'The answer is larger than is accepted, and will be so again.' },
  forbidden_url: {
    again: 'does not help',
    advice: 'The address is not allowed: it is private or no host name. For an own network, set ALLOW_PRIVATE_HOSTS=true, then retry.',
  },
  http_401: { again: 'may help', advice: 'The credentials were refused: check the keys in the settings or the account, then retry.' },
  http_403: { again: 'may help', advice: 'Access was refused: check the permissions of the key or the account, then retry.' },
  http_404: { again: 'does not help', advice: 'The upstream says that this does not exist.' },
  http_408: { again: 'helps', advice: RECOVERS },
  http_410: { again: 'does not help', advice: 'The upstream says that this is gone for good.' },
  http_425: { again: 'helps', advice: RECOVERS },
  http_501: { again: 'does not help', advice: 'The upstream does not offer this.' },
  denied: { again: 'helps', advice: 'The tokens were replaced while the request was on its way: a retry uses the new ones.' },
  stream: { again: 'may help', advice: 'A newer version planned this task: update the workers, then retry.' },
  unexpected: {
    again: 'may help',
    advice: 'This is a fault of Backhaul or of its database, not of the upstream: the log says where. Retry after an update.',
  },
}

const OTHER: FailureKind = { again: 'may help', advice: 'It is not known whether the cause has passed: retry one task first.' }

/** Whether trying again helps, and why. @param source absent where this version does not know it */
export function failureKind(kind: string, source?: Pick<Source, 'failures'>): FailureKind {
  const known = source?.failures?.[kind] ?? KINDS[kind]
  if (known) return known
  if (/^http_5/.test(kind)) return { again: 'helps', advice: RECOVERS }
  if (/^http_4/.test(kind)) return { again: 'does not help', advice: REFUSED }
  return OTHER
}

/** Whether a kind has its own advice, of the engine or of its source. */
export const isDeclared = (kind: string, source?: Pick<Source, 'failures'>): boolean =>
  source?.failures?.[kind] !== undefined || KINDS[kind] !== undefined
