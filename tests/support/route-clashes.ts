/** A route by whoever brings it along. */
export interface OwnedRoute {
  owner: string
  method: string
  /** As fastify writes it, or with `{id}` as OpenAPI does. */
  path: string
  operation: string
}

const isParam = (segment: string): boolean => /^(:|\{)/.test(segment)

/** Whether some address is matched by both. */
function overlap(a: string, b: string): boolean {
  const left = a.split('/')
  const right = b.split('/')
  const isOpen = left.at(-1) === '*' || right.at(-1) === '*'
  if (!isOpen && left.length !== right.length) return false
  return left.every((segment, at) => {
    const other = right[at]
    if (segment === '*' || other === '*' || other === undefined) return isOpen
    return segment === other || isParam(segment) || isParam(other)
  })
}

const shape = (path: string): string => path.replaceAll(/(:\w+|\{\w+\})/g, ':')

/**
 * Routes that take each other's requests: one address of two owners, whatever the method, for an owner refuses the methods
 * it does not have; one method and path twice; and operation ids that are not unique.
 */
export function clashes(routes: readonly OwnedRoute[]): string[] {
  return routes.flatMap((a, at) =>
    routes.slice(at + 1).flatMap((b) => {
      const found: string[] = []
      const isTwice = a.method === b.method && shape(a.path) === shape(b.path)
      if (a.owner === b.owner ? isTwice : overlap(a.path, b.path))
        found.push(`${a.owner} ${a.method} ${a.path} and ${b.owner} ${b.method} ${b.path}`)
      if (a.operation === b.operation) found.push(`${a.owner} and ${b.owner} both call an operation ${a.operation}`)
      return found
    }),
  )
}
