import type { GraphiQLProps } from 'graphiql'
import { session } from '../api/client'

/*
 * How GraphiQL asks: with the session of the page. Subscriptions are server-sent events, which an EventSource reads.
 */

type Fetcher = GraphiQLProps['fetcher']
type FetcherParams = Parameters<Fetcher>[0]

const PATH = '/graphql'

async function ask(params: FetcherParams): Promise<object> {
  const answer = await fetch(PATH, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json, application/json' },
    body: JSON.stringify(params),
  })
  if (answer.status === 401) session.set('out')
  const body: unknown = await answer.json()
  if (typeof body === 'object' && body !== null && ('data' in body || 'errors' in body)) return body
  // A problem document, such as that of an unreachable database.
  const { detail, title } = body as { detail?: string; title?: string }
  return { errors: [{ message: detail ?? title ?? `The server answered ${answer.status}.` }] }
}

interface Observer {
  next(value: object): void
  error(error: Error): void
  complete(): void
}

function follow({ query, variables, operationName }: FetcherParams) {
  return {
    subscribe(observer: Observer) {
      const search = new URLSearchParams({ query })
      if (variables) search.set('variables', JSON.stringify(variables))
      if (operationName) search.set('operationName', operationName)
      const source = new EventSource(`${PATH}?${search}`)
      const end = () => {
        source.close()
        observer.complete()
      }
      source.addEventListener('next', (event: MessageEvent<string>) => observer.next(JSON.parse(event.data)))
      source.addEventListener('complete', end)
      source.onerror = () => {
        source.close()
        observer.error(new Error('The subscription ended: the server does not answer, or refused it.'))
      }
      return { unsubscribe: () => source.close() }
    },
  }
}

const isSubscription = ({ query, operationName }: FetcherParams): boolean => {
  const operations = [...query.matchAll(/(?:^|\}|\n)\s*(query|mutation|subscription)\b\s*(\w*)/g)]
  const chosen = operations.find(([, , name]) => operationName && name === operationName) ?? operations[0]
  return chosen?.[1] === 'subscription'
}

export const fetcher = ((params: FetcherParams) => (isSubscription(params) ? follow(params) : ask(params))) as Fetcher
