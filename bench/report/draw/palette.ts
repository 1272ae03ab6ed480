import type { Series, Tone } from '../charts/chart.ts';

/** Of Okabe and Ito, whose colours those who do not tell red from green tell apart; lighter on a dark page. */
export const PALETTE_CSS = `
.hs-chart { --ours: #0072b2; --other: #b8500a; --floor: #767c85; --ink: #1f2328; --quiet: #59636e; --paper: #ffffff; }
@media (prefers-color-scheme: dark) {
  .hs-chart { --ours: #56b4e9; --other: #e69f00; --floor: #9aa1ab; --ink: #e6edf3; --quiet: #9198a1; --paper: #0d1117; }
}
@media print {
  .hs-chart { --ours: #0072b2; --other: #b8500a; --floor: #767c85; --ink: #1f2328; --quiet: #59636e; --paper: #ffffff; }
}
.hs-chart { color: var(--ink); fill: var(--ink); }
.hs-chart .hs-paper { fill: var(--paper); }
.hs-chart .hs-quiet { fill: var(--quiet); }
`.trim();

const TONES: Readonly<Record<Tone, string>> = {
  ours: 'var(--ours)',
  floor: 'var(--floor)',
  other: 'var(--other)',
};

export function colorOf(tone: Tone): string {
  return TONES[tone];
}

export function dashOf({ dashed }: Pick<Series, 'dashed'>): string {
  return dashed ? '5 4' : 'none';
}
