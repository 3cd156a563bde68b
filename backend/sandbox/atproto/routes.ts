import type { AtprotoControls } from './controls'
import { BadControl } from './edits'
import { DOCUMENTS, HOST_STATES, STATES } from './shapes'

type Input = Record<string, unknown>
const PAGE_OF_TRUTH = 1000

function text(input: Input, name: string): string {
  const value = input[name]
  if (typeof value !== 'string' || value === '') throw new BadControl(`${name} is missing`)
  return value
}
function oneOf<T extends string>(input: Input, name: string, choices: readonly T[]): T {
  const value = text(input, name)
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new BadControl(`${name} must be one of ${choices.join(', ')}`)
  return found
}
function whole(input: Input, name: string): number | undefined {
  if (input[name] === undefined) return undefined
  const value = Number(input[name])
  if (!Number.isInteger(value) || value < 1) throw new BadControl(`${name} must be a whole number from 1 on`)
  return value
}
/** `collection` once, several times or with commas between. */
function collectionsOf(input: Input): string[] | undefined {
  const given = [input.collection].flat().filter((value) => typeof value === 'string')
  return given.length === 0 ? undefined : given.flatMap((value) => value.split(','))
}

/** The control routes over the typed methods. */
export function controlRoutes(it: AtprotoControls): Record<string, (input: Input) => unknown> {
  const page = (input: Input): number => whole(input, 'page') ?? 1
  const offset = (input: Input): number => (page(input) - 1) * PAGE_OF_TRUTH
  const did = (input: Input): string => text(input, 'did')
  return {
    'GET /atproto/truth': async (input) => ({
      count: it.count(collectionsOf(input)),
      page: page(input),
      records: await it.truth(collectionsOf(input), offset(input), PAGE_OF_TRUTH),
    }),
    'GET /atproto/repos': (input) => ({ page: page(input), repos: it.repos(offset(input), PAGE_OF_TRUTH) }),
    'GET /atproto/hosts': () => it.hosts(),
    'POST /atproto/edit': (input) =>
      it.edit({
        did: did(input),
        collection: text(input, 'collection'),
        action: oneOf(input, 'action', ['create', 'update', 'delete']),
        count: whole(input, 'count'),
        rkey: input.rkey === undefined ? undefined : text(input, 'rkey'),
        keepsRev: input.keepsRev === true,
      }),
    'POST /atproto/state': (input) => it.state(did(input), oneOf(input, 'state', STATES)),
    'POST /atproto/hide': (input) => it.hide(did(input), text(input, 'collection'), text(input, 'rkey')),
    'POST /atproto/migrate': (input) => it.migrate(did(input), text(input, 'host')),
    'POST /atproto/document': (input) => it.document(did(input), input.document == null ? undefined : oneOf(input, 'document', DOCUMENTS)),
    'POST /atproto/add': (input) => it.add(whole(input, 'count') ?? 1),
    'POST /atproto/host': (input) => it.host(text(input, 'host'), oneOf(input, 'state', HOST_STATES), whole(input, 'ms')),
  }
}
