/** Line icons on a grid of 16; decoration only: the text beside them has the meaning. */
const PATHS = {
  jobs: 'M2.5 4h11M2.5 8h7M2.5 12h4.5M12.5 8.5v4.5m-2-2 2 2 2-2',
  chart: 'M2.5 2.5v11h11M5 10.5l2.5-3 2 1.5 3.5-4.5',
  gate: 'M2.5 13.5v-9M13.5 13.5v-9M2.5 6.5h11M2.5 10h11',
  worker: 'M4.5 4.5h7v7h-7zM6.5 2v2.5M9.5 2v2.5M6.5 11.5V14M9.5 11.5V14M2 6.5h2.5M2 9.5h2.5M11.5 6.5H14M11.5 9.5H14',
  dead: 'M2.5 4h11v9h-11zM2.5 4l5.5 5 5.5-5M8 1.2v1',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 5v3.3l2 1.4',
  hook: 'M10.5 5.5a2.5 2.5 0 1 0-3.6 2.2L5 11M5.5 8.2A2.6 2.6 0 1 0 7.3 12h4M12 9.4a2.6 2.6 0 1 1-1.3 4M8 5.5l2.2 4',
  list: 'M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01',
  plus: 'M8 3v10M3 8h10',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  close: 'M4 4l8 8M12 4l-8 8',
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  moon: 'M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8',
  screen: 'M2 3h12v8H2zM6 13.5h4',
  out: 'M6 2.5H3v11h3M7 8h6.5m-2.5-2.5L13.5 8 11 10.5',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.2v9.6L12.5 8z',
  stop: 'M4 4h8v8H4z',
  retry: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3',
  check: 'M3 8.5l3.2 3.2L13 4.8',
  alarm: 'M3.5 11.5h9c-.9-1-1.3-2-1.3-4.5a3.2 3.2 0 0 0-6.4 0c0 2.5-.4 3.5-1.3 4.5M6.8 13.5h2.4',
  alert: 'M8 2.2 14.3 13H1.7zM8 6.4v3M8 11.3h.01',
  info: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2M8 7.3V11M8 5h.01',
  copy: 'M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9M10.3 10.3l3.2 3.2',
  filter: 'M2.5 4h11M4.5 8h7M6.5 12h3',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  next: 'M6.5 3.5 11 8l-4.5 4.5',
  bin: 'M2.5 4.2h11M6 4V2.5h4V4M4 4.2l.6 9.3h6.8l.6-9.3',
  edit: 'M3 13l.6-3L10.5 3.1a1.4 1.4 0 0 1 2.4 2.4L6 12.4zM9.3 4.3l2.4 2.4',
  send: 'M2.5 7.5 13.5 2.5 9.5 13.5 7.7 8.7z',
  up: 'M8 13V3.5m-4 4 4-4 4 4',
  down: 'M8 3v9.5m-4-4 4 4 4-4',
  seal: 'M8 1.8l1.6 1.3 2-.2.6 2 1.7 1.1-.8 1.9.8 1.9-1.7 1.1-.6 2-2-.2L8 14l-1.6-1.3-2 .2-.6-2-1.7-1.1.8-1.9-.8-1.9 1.7-1.1.6-2 2 .2zM5.8 8l1.6 1.6 2.9-3',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.5"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  )
}
