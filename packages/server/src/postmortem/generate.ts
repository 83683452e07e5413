/** From what the server knows of an incident to its postmortem: pure. */
import { sectionIds, type PostmortemDocument, type Section, type SectionId } from './document.ts';
import type { PostmortemFacts } from './facts.ts';
import { causalFigure } from './figures/causal-figure.ts';
import { memoryFigure } from './figures/memory-figure.ts';
import { plain } from './markdown.ts';
import { causeSection } from './sections/cause-section.ts';
import { detectionSection } from './sections/detection-section.ts';
import { lessonsSection } from './sections/lessons-section.ts';
import { measuresSection } from './sections/measures-section.ts';
import { recurrenceSection } from './sections/recurrence-section.ts';
import { responseSection } from './sections/response-section.ts';
import { summarySection } from './sections/summary-section.ts';
import { timelineSection } from './sections/timeline-section.ts';

const makers: Readonly<Record<SectionId, (facts: PostmortemFacts) => string>> = {
  summary: summarySection,
  timeline: timelineSection,
  cause: causeSection,
  detection: detectionSection,
  response: responseSection,
  measures: measuresSection,
  lessons: lessonsSection,
  recurrence: recurrenceSection,
};

/** The postmortem. Sections that people wrote stay as they are. */
export function generate(facts: PostmortemFacts, kept: readonly Section[] = []): PostmortemDocument {
  const { incident, service, culprit } = facts;
  const day = new Date(facts.times.startedMs ?? incident.openedMs).toISOString().slice(0, 10);
  return {
    title: `Postmortem: ${plain(service.name)}, ${day}, incident ${incident.id}`,
    sections: sectionIds.map((id): Section => {
      const written = kept.find((section) => section.id === id && section.editedBy !== null);
      return written ?? { id, markdown: makers[id](facts), editedBy: null };
    }),
    memory: memoryFigure(facts),
    cause: causalFigure(facts),
    fingerprint: culprit?.fingerprint ?? null,
  };
}
