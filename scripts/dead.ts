import type { Command } from 'commander'
import { Refused } from '../backend/base/errors'
import { takeDeadLetters } from '../backend/service/queues/dead-letters'
import { sources } from '../backend/sources'
import type { DeadLetter } from '../queues/dead'
import { listDead, showDead } from '../queues/dead'
import { actor } from './cli/actor'
import type { Context } from './cli/context'
import { parseCount } from './cli/jobs-list'
import { createProgram, main } from './cli/main'
import { counted, cut, moment, table, toJson } from './cli/text'

interface Options {
  queue?: string
  all?: boolean
  limit: string
  json?: boolean
}

const textOf = (body: Buffer): string => body.toString('utf8')
const asJson = ({ body, ...letter }: DeadLetter) => ({ ...letter, body: textOf(body) })

/** `yarn dead`: messages that were rejected because they could not be read. */
export function build(context: Context): Command {
  const program = createProgram('yarn dead', 'Lists, replays and deletes rejected messages.', context)
  program
    .command('list')
    .description('list rejected messages, oldest first')
    .option('--queue <name>', 'only messages for this queue')
    .option('--limit <n>', 'maximum number of messages', '100')
    .option('--json', 'print JSON only')
    .action((options: Options) => list(context, options))
  program
    .command('show <id>')
    .description('show one message with its whole body')
    .option('--json', 'print JSON only')
    .action((id: string, options: Options) => show(context, id, options))
  for (const [name, about, done] of [
    ['replay', 'publish messages again to their original queues', 'replayed'],
    ['drop', 'delete messages', 'deleted'],
  ] as const) {
    program
      .command(`${name} [ids...]`)
      .description(about)
      .option('--all', 'all messages; with --queue, all messages for that queue')
      .option('--queue <name>', 'only messages for this queue')
      .option('--json', 'print JSON only')
      .action((ids: string[], options: Options) => take(context, name, ids, options, done))
  }
  return program
}

async function list({ config, terminal }: Context, options: Options): Promise<void> {
  const letters = await listDead(config.rabbitmqUrl, options.queue, parseCount(options.limit, '--limit'))
  if (options.json) terminal.out(toJson(letters.map(asJson)))
  else if (letters.length === 0) terminal.out(`No rejected messages${options.queue ? ` for ${options.queue}` : ''}.`)
  else {
    const rows = letters.map((letter) => [
      letter.id,
      letter.queue,
      moment(letter.at),
      letter.bytes,
      cut(letter.reason, 80),
      cut(textOf(letter.body).replace(/\s+/g, ' '), 60),
    ])
    terminal.out(table(['id', 'queue', 'at (UTC)', 'bytes', 'reason', 'body'], rows))
  }
}

async function show({ config, terminal }: Context, id: string, options: Options): Promise<void> {
  const letter = await showDead(config.rabbitmqUrl, id)
  if (options.json) {
    terminal.out(toJson(asJson(letter)))
    return
  }
  const facts = [
    ['id', letter.id],
    ['queue', letter.queue],
    ['at', letter.at ? `${moment(letter.at)} UTC` : 'unknown'],
    ['messageId', letter.messageId ?? 'none'],
    ['bytes', String(letter.bytes)],
    ['reason', letter.reason],
  ]
  terminal.out(`${facts.map(([name, value]) => `${(name as string).padEnd(9)}  ${value}`).join('\n')}\n\n${textOf(letter.body)}`)
}

async function take(context: Context, name: 'replay' | 'drop', ids: string[], options: Options, done: string): Promise<void> {
  if (ids.length > 0 === (options.all === true)) {
    throw new Refused('input', `Give ids or --all, not both: yarn dead ${name} <id...>, or yarn dead ${name} --all [--queue <name>].`)
  }
  const { queue, all } = options
  const choice = all ? { queue, all } : { queue, ids: [...new Set(ids)] }
  const taken = await takeDeadLetters(context.service(sources), actor(), name, choice)
  context.terminal.out(options.json ? toJson({ [done]: taken }) : `${counted(taken, 'message')} ${done}.`)
}

if (require.main === module) void main(build)
