import { GraphQLError } from 'graphql'
import { Refused } from '../../base/errors'
import type { Log } from '../../base/log'
import { logUnexpected } from '../../base/log-errors'
import { READ_ONLY, READ_ONLY_TEXT } from '../../database/faults'
import { isUnreachable } from '../../database/passing'

/** A refusal as a GraphQL error: its sentence, and `code`, `field` and `state` for programs. */
function refusal(error: Refused, at?: GraphQLError): GraphQLError {
  const { code, field, state, message, faults } = error
  return new GraphQLError(message, {
    nodes: at?.nodes,
    path: at?.path,
    extensions: {
      code: code.toUpperCase(),
      ...(field !== undefined && { field }),
      ...(state !== undefined && { state }),
      ...(faults.length > 1 && { faults }),
    },
  })
}

/** The error that a resolver threw; it arrives wrapped, in some versions more than once. */
function causeOf(error: unknown): unknown {
  let cause = error
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError
  return cause
}

/**
 * Turns any error into one that a client may read: refusals with their code, errors in the query as they are, anything else as
 * "Internal error", with the details in the log.
 */
export const createMask = (log: Log) => (error: unknown) => {
  const at = error instanceof GraphQLError ? error : undefined
  const cause = causeOf(error)
  if (cause instanceof GraphQLError)
    return cause === error ? cause : new GraphQLError(cause.message, { nodes: at?.nodes, path: at?.path, extensions: cause.extensions })
  if (cause instanceof Refused) return refusal(cause, at)
  if ((cause as { code?: string } | undefined)?.code === READ_ONLY) return refusal(new Refused('setup', READ_ONLY_TEXT), at)
  if (isUnreachable(cause)) return refusal(new Refused('setup', 'The database is unreachable; try again in a few seconds.'), at)
  logUnexpected(log, 'GraphQL request failed', cause)
  return new GraphQLError('Internal error', { nodes: at?.nodes, path: at?.path, extensions: { code: 'INTERNAL' } })
}
