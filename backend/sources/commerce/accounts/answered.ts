import { Dead, Fatal, Held, Refused, RetryLater, Throttled } from '../../../base/errors'

/** What `AbortSignal.timeout` throws. */
const isTimeout = (error: unknown): boolean => error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')

/**
 * What a platform answers to a person: whatever goes wrong is one sentence.
 * @param platform its name for people
 * @throws {Refused} `setup` where the platform cannot be asked now, `state` where it does not accept the account
 */
export async function answered<T>(platform: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw refusalOf(platform, error) ?? error
  }
}

/** Of a message that may be a sentence already. */
const ended = (text: string): string => `${text.replace(/\.$/, '')}.`

function refusalOf(platform: string, error: unknown): Refused | undefined {
  if (error instanceof Held) return new Refused('state', ended(error.reason))
  if (error instanceof Dead)
    return new Refused('input', `${platform} does not accept it (${error.reason}): connect it again from the start.`)
  if (error instanceof Throttled) return new Refused('setup', ended(`${platform} cannot be asked now: ${error.message}`))
  if (error instanceof RetryLater)
    return new Refused('setup', `${platform} did not answer as it should (${error.message}): try again later.`)
  if (error instanceof Fatal) return new Refused('state', ended(`${platform} refused the request: ${error.message}`))
  return isTimeout(error) ? new Refused('setup', `${platform} did not answer in time: try again later.`) : undefined
}
