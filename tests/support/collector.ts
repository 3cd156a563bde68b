import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A span as a collector was told of it. */
export interface ToldSpan {
  name: string
  service: string
  traceId: string
  spanId: string
  parentSpanId?: string
  failed: boolean
  attributes: Record<string, unknown>
}

interface Otlp {
  resourceSpans: {
    resource: { attributes: Attribute[] }
    scopeSpans: {
      spans: (Omit<ToldSpan, 'service' | 'failed' | 'attributes'> & { attributes: Attribute[]; status: { code?: number } })[]
    }[]
  }[]
}
interface Attribute {
  key: string
  value: Record<string, unknown>
}

const plain = (attributes: Attribute[]) => Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

function spansOf({ resourceSpans }: Otlp): ToldSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ status, attributes, ...span }) => ({
        ...span,
        service: String(plain(resource.attributes)['service.name']),
        failed: status.code === 2,
        attributes: plain(attributes),
      })),
    ),
  )
}

/** An OpenTelemetry collector that keeps what it is told (OTLP over HTTP, JSON). */
export async function startCollector() {
  const spans: ToldSpan[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (request.url === '/v1/traces') spans.push(...spansOf(JSON.parse(Buffer.concat(chunks).toString()) as Otlp))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
