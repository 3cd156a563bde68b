import { Refused } from '../../base/errors'
import type { Json } from '../../base/json'
import type { Command, Source } from '../../contract'
import { parseRequest } from '../../engine/jobs/verbs'

/** An id that cannot be read, and where it was among those given, from 0. */
export interface IdFault {
  at: number
  id: string
  message: string
}

export type Fields = { [key: string]: Json | undefined }

/**
 * The requests of a command: one for each id, each once; one in all where it takes no ids.
 * @param base the fields that all of them have, besides the preset of the command
 * @throws {Refused} `input` for a field other than the id
 */
export function requestsOf(
  source: Source,
  command: Command,
  ids: readonly string[],
  base: Fields,
): { requests: unknown[]; faults: IdFault[] } {
  const field = command.ids
  const shared = { ...structuredClone(base), ...structuredClone(command.preset ?? {}) }
  if (field === undefined) return { requests: [parseRequest(source, command.queue, shared)], faults: [] }
  const faults: IdFault[] = []
  // `7` and `007` are the same request.
  const requests = new Map<string, unknown>()
  for (const [at, id] of ids.entries()) {
    try {
      const request = parseRequest(source, command.queue, { ...structuredClone(shared), [field]: id })
      requests.set(JSON.stringify(request), request)
    } catch (error) {
      if (!(error instanceof Refused) || error.field !== field) throw error
      faults.push({ at, id, message: error.message })
    }
  }
  return { requests: [...requests.values()], faults }
}
