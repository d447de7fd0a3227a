"""Engagement History: chats that have ended, with their transcripts, surveys, visitors and engagement attributes.

LivePerson pages: `engagement-history-api-methods.html` and `engagement-history-api-engagement-attributes.html`. What
shapes this module:

* A search needs a range of start times, of at most a month, which LivePerson rounds outward to ten minutes. Records are
  trimmed to the exact window by ``info.startTimeL``.
* Transcripts are there within minutes, everything else within two hours; ``info.chatDataEnriched`` says when. A window
  with a chat that is not there yet lands, and is not complete.
* A chat that a search gives in part (``info.isPartial``) is asked for again by its id.
"""

from airflow_provider_liveperson.datasets.engagement_history.dataset import ENGAGEMENT_HISTORY

DATASETS = (ENGAGEMENT_HISTORY,)
