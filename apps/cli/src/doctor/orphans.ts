import type { BackendAsker } from '../backends/asker.js';
import { createRegistry } from '../backends/registry.js';
import type { Settings } from '../config/settings.js';
import type { Context } from '../context.js';
import { describeOrphan } from '../session/describe-orphan.js';
import { describeLostImage, findLostImages } from '../session/lost-images.js';
import { findOrphans } from '../session/orphans.js';
import { type Finding, failure, warn } from './finding.js';

/** What backends still have of this root's bottles whose record is gone, images of their own included. A backend that does not answer has a finding of its own. */
export async function checkOrphans(
  context: Context,
  settings: Settings,
  asker: BackendAsker,
): Promise<readonly Finding[]> {
  try {
    const registry = createRegistry(context, settings);
    const surveys = await asker.surveys();
    const orphans = await findOrphans(context.root, registry, surveys);
    const images = await findLostImages(context.root, registry, surveys);
    const lost = images.map(image =>
      warn(
        'orphans',
        `${image.paths.identity}: ${describeLostImage(image)}`,
        'bot-bottle prune --orphans   # removes it',
      ),
    );
    const found = orphans.map(orphan => {
      const { identity, folder } = orphan.paths;
      const fact = `${identity}: ${describeOrphan(orphan, context.now())}; its state was ${folder}`;
      return warn(
        'orphans',
        fact,
        `bot-bottle adopt ${identity}   # or remove it: bot-bottle prune --orphans`,
      );
    });
    return [...found, ...lost];
  } catch (error) {
    return [failure('orphans', error)];
  }
}
