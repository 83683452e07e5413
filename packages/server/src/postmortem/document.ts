/** A postmortem as it is kept, and as Markdown. */

/** The parts, in their order: those of the two postmortems that Ebb began with, and what Google and Atlassian ask for. */
export const sectionIds = [
  'summary',
  'timeline',
  'cause',
  'detection',
  'response',
  'measures',
  'lessons',
  'recurrence',
] as const;

/** A part of a postmortem. */
export type SectionId = (typeof sectionIds)[number];

/** The parts' headings. */
export const sectionTitles: Readonly<Record<SectionId, string>> = {
  summary: 'Issue summary',
  timeline: 'Timeline',
  cause: 'Root cause and resolution',
  detection: 'Detection, and what would have halved it',
  response: 'Response, and time on the wrong hypothesis',
  measures: 'Corrective and preventative measures',
  lessons: 'Lessons',
  recurrence: 'Recurrence',
};

/** A part with its text. */
export interface Section {
  id: SectionId;
  markdown: string;
  /** Who wrote it; null where the server did, from what it knows. */
  editedBy: string | null;
}

/** A figure: SVG, and what it shows for those who cannot see it. */
export interface Figure {
  svg: string;
  alt: string;
}

/** A postmortem. */
export interface PostmortemDocument {
  title: string;
  sections: Section[];
  /** Memory with events on it; null where nothing was measured. */
  memory: Figure | null;
  /** From leak to outage. */
  cause: Figure;
  /** Of the leak; null where none was found. */
  fingerprint: string | null;
}

/** What stands around the document: its version, and what changes after it was written. */
export interface Around {
  version: number | null;
  createdMs: number;
  createdBy: string;
  /** Markdown of the review and the action items as they are now. */
  after: string;
  /** Where the figures are, such as `memory.svg`. */
  figures: { memory: string; cause: string };
}

/** The document as Markdown. The title and the sections are Markdown already. */
export function toMarkdown(document: PostmortemDocument, around: Around): string {
  const { version, createdMs, createdBy, after, figures } = around;
  const when = new Date(createdMs).toISOString().slice(0, 16).replace('T', ' ');
  const which =
    version === null ? `Draft of ${when} UTC, not kept yet` : `Version ${version} of ${when} UTC, by ${createdBy}`;
  const parts = document.sections.map(({ id, markdown, editedBy }) => {
    const figure = figureOf(document, id, figures);
    const by = editedBy === null ? '' : `\n\n*Written by ${editedBy}.*`;
    return `## ${sectionTitles[id]}\n\n${markdown}${figure}${by}`;
  });
  return `${[`# ${document.title}`, `*${which}. What nobody has written was measured by Ebb.*`, ...parts, after]
    .filter((part) => part !== '')
    .join('\n\n')}\n`;
}

function figureOf({ memory, cause }: PostmortemDocument, id: SectionId, figures: Around['figures']): string {
  if (id === 'timeline' && memory !== null) return `\n\n![${memory.alt}](${figures.memory})`;
  return id === 'cause' ? `\n\n![${cause.alt}](${figures.cause})` : '';
}
