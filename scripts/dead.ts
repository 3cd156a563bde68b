import { readFile } from 'node:fs/promises'
import { text as textFrom } from 'node:stream/consumers'
import type { Command } from 'commander'
import { messageOf, Refused } from '../backend/base/errors'
import { deadGroups } from '../backend/service/queues/dead-groups'
import { sendCorrected, takeDeadLetters } from '../backend/service/queues/dead-letters'
import { sources } from '../backend/sources'
import type { DeadLetter } from '../queues/dead'
import { listDead, showDead } from '../queues/dead'
import { actor } from './cli/actor'
import type { Context } from './cli/context'
import { parseCount } from './cli/jobs-list'
import { createProgram, main } from './cli/main'
import { count, counted, cut, moment, table, toJson } from './cli/text'

interface Options {
  queue?: string
  group?: string
  all?: boolean
  limit: string
  json?: boolean
}

const textOf = (body: Buffer): string => body.toString('utf8')
const asJson = ({ body, ...letter }: DeadLetter) => ({ ...letter, body: textOf(body) })

/** `yarn dead`: messages that were rejected because they could not be read. */
export function build(context: Context): Command {
  const program = createProgram('yarn dead', 'Lists, replays, corrects and deletes rejected messages.', context)
  program
    .command('list')
    .description('list rejected messages, oldest first')
    .option('--queue <name>', 'only messages for this queue')
    .option('--group <reason>', 'only messages of this group, as yarn dead groups prints it')
    .option('--limit <n>', 'maximum number of messages', '100')
    .option('--json', 'print JSON only')
    .action((options: Options) => list(context, options))
  program
    .command('groups')
    .description('count rejected messages by queue and reason, the most frequent first')
    .option('--queue <name>', 'only messages for this queue')
    .option('--json', 'print JSON only')
    .action((options: Options) => showGroups(context, options))
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
      .option('--all', 'all messages; with --queue and --group, all of these')
      .option('--queue <name>', 'only messages for this queue')
      .option('--group <reason>', 'only messages of this group, as yarn dead groups prints it')
      .option('--json', 'print JSON only')
      .action((ids: string[], options: Options) => take(context, name, ids, options, done))
  }
  program
    .command('correct <id> <file>')
    .description('send a corrected message in place of a rejected one; - reads it from standard input')
    .option('--json', 'print JSON only')
    .action((id: string, file: string, options: Options) => correct(context, id, file, options))
  return program
}

async function list({ config, terminal }: Context, options: Options): Promise<void> {
  const letters = await listDead(config.rabbitmqUrl, options.queue, parseCount(options.limit, '--limit'), options.group)
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

async function showGroups(context: Context, { queue, json }: Options): Promise<void> {
  const { terminal } = context
  const found = await deadGroups(context.service(sources), queue)
  if (json) return terminal.out(toJson(found))
  if (found.items.length === 0) return terminal.out(`No rejected messages${queue ? ` for ${queue}` : ''}.`)
  const rows = found.items.map((group) => [
    count(group.count),
    group.queue,
    group.newestAt ? moment(new Date(group.newestAt)) : '',
    group.id,
    group.group,
  ])
  const [first] = found.items
  const parts = [table(['messages', 'queue', 'latest (UTC)', 'for example', 'group'], rows)]
  if (found.others > 0) parts.push(`${counted(found.others, 'message')} of still other reasons.`)
  if (!found.complete) parts.push(`Only the oldest ${count(found.read)} messages were read.`)
  parts.push(
    `yarn dead replay --all --queue ${first?.queue} --group ${JSON.stringify(first?.group)} replays the first group; yarn dead show <id> shows a message whole.`,
  )
  terminal.out(parts.join('\n\n'))
}

/** Checks the message as a worker would before it takes the place of the old one. */
async function correct(context: Context, id: string, file: string, options: Options): Promise<void> {
  const text = await readText(file)
  const sent = await sendCorrected(context.service(sources), actor(), id, text)
  context.terminal.out(options.json ? toJson(sent) : `The corrected message was sent to ${sent.queue}; ${id} was deleted.`)
}

/** @throws {Refused} `input` for a file that cannot be read */
async function readText(file: string): Promise<string> {
  if (file === '-') return await textFrom(process.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Refused('input', `${file} cannot be read: ${messageOf(error)}`, 'file')
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
    throw new Refused(
      'input',
      `Give ids or --all, not both: yarn dead ${name} <id...>, or yarn dead ${name} --all [--queue <name>] [--group <reason>].`,
    )
  }
  const { queue, group, all } = options
  const choice = all ? { queue, group, all } : { queue, ids: [...new Set(ids)] }
  const taken = await takeDeadLetters(context.service(sources), actor(), name, choice)
  context.terminal.out(options.json ? toJson({ [done]: taken }) : `${counted(taken, 'message')} ${done}.`)
}

if (require.main === module) void main(build)
