import { Refused, Unreachable } from '../backend/base/errors'
import { askWhy } from './ask-why'

/*
 * Why the broker refuses, for people. Refused: a setting or a permission, which waiting does not fix. Unreachable: everything else, also
 * a limit of connections, channels or queues; it is quoted in the broker's own words and may pass by itself.
 */

/** The broker's address without the password. */
function shown(url: string): string {
  const { hostname, port, pathname, protocol } = new URL(url)
  return `${protocol}//${hostname}${port ? `:${port}` : ''}${pathname}`
}

/** Node's codes for certificates it does not trust. */
const TLS = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)/
/** A vhost that does not exist or is closed to this user; text after a colon is another reason (a limit, a vhost that is down). */
const NO_ENTRY = /vhost .* not found|access to vhost '.*' refused for user '[^']*'$/

/** The broker's own text of a refusal. */
const wordsOf = (error: Error): string | undefined => / with message "(.*)"$/s.exec(error.message)?.[1]

/** Why a connection was not made or could not be set up, in one sentence. */
export function refusal(error: Error & { code?: unknown }, url: string): Refused {
  if (error instanceof Refused) return error
  const at = `RabbitMQ at ${shown(url)}`
  if (/^Handshake terminated .*ACCESS.REFUSED/.test(error.message)) {
    return new Refused('setup', `${at} refuses user "${new URL(url).username || 'guest'}": check the user and password in RABBITMQ_URL.`)
  }
  if (TLS.test(String(error.code))) {
    return new Refused(
      'setup',
      `The certificate of ${at} is not trusted (${error.message}): set NODE_EXTRA_CA_CERTS to the path of its CA certificate.`,
    )
  }
  const words = wordsOf(error)
  if (words && error.code === 403) {
    return new Refused('setup', `${at} refuses ("${words}"): grant this user the configure, write and read permissions on the vhost.`)
  }
  if (words) return new Unreachable(`${at} refuses now: "${words}".`)
  return new Unreachable(`${at} cannot be reached (${error.message || 'connection refused'}): is it running, is RABBITMQ_URL right?`)
}

/** The same for a connection that was not opened, where the broker must be asked for its text. */
export async function openRefusal(error: Error, url: string): Promise<Refused> {
  if (!/Expected ConnectionOpenOk; got <ConnectionClose/.test(error.message)) return refusal(error, url)
  const at = `RabbitMQ at ${shown(url)}`
  try {
    const words = await askWhy(url)
    if (words === undefined) return new Unreachable(`${at} refused a connection a moment ago and accepts one now; try again.`)
    if (!NO_ENTRY.test(words)) return new Unreachable(`${at} refuses now: "${words}".`)
    return new Refused('setup', `${at} has no such vhost, or this user may not access it ("${words}"): check the path of RABBITMQ_URL.`)
  } catch (second) {
    // Expected: no verdict this time. It answered a moment ago, so that it refuses is all that is known.
    return new Unreachable(`${at} closes the connection instead of opening the vhost (${(second as Error).message}).`)
  }
}

/** True for faults that waiting does not fix. */
export const isSettled = (error: Error): boolean => error instanceof Refused && !(error instanceof Unreachable)

/** Why something could not be declared. @param what `Queue "name"` @param how what deletes it */
export function declareRefusal(error: Error & { code?: number }, what: string, how: string): Error {
  const words = wordsOf(error)
  if (error.code === 403) {
    return new Refused(
      'setup',
      `${what} may not be declared by this RabbitMQ user: grant it the configure, write and read permissions on the vhost.`,
    )
  }
  const difference = /inequivalent arg '([^']+)'.*?: (received .*? but current is .*?)$/.exec(words ?? '')
  if (difference) {
    return new Refused(
      'setup',
      `${what} already exists with other settings (${difference[1]}: ${difference[2]}); empty it, delete it (${how}) and start again.`,
    )
  }
  return words === undefined ? error : new Unreachable(`${what} cannot be declared now because RabbitMQ refuses: "${words}".`)
}
