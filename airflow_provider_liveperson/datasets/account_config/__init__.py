"""Account configuration: whole collections of what an account consists of, such as its users and skills.

LivePerson pages: `users-api-methods-get-all-users.html` and its siblings. Deleted entities and most fields are left
out unless they are asked for.
"""

from airflow_provider_liveperson.datasets.account_config.campaigns import CAMPAIGNS
from airflow_provider_liveperson.datasets.account_config.content import (
    DEFAULT_PREDEFINED_CONTENT,
    PREDEFINED_CATEGORIES,
    PREDEFINED_CONTENT,
)
from airflow_provider_liveperson.datasets.account_config.messages import (
    AUTOMATIC_MESSAGES,
    UNIFIED_AUTOMATIC_MESSAGES,
)
from airflow_provider_liveperson.datasets.account_config.schedules import SPECIAL_OCCASIONS, WORKING_HOURS
from airflow_provider_liveperson.datasets.account_config.surveys import AGENT_SURVEYS
from airflow_provider_liveperson.datasets.account_config.users import (
    AGENT_GROUPS,
    AGENT_STATUS_REASONS,
    LOBS,
    PROFILES,
    SKILLS,
    USERS,
)

DATASETS = (
    USERS,
    SKILLS,
    AGENT_GROUPS,
    LOBS,
    PROFILES,
    AGENT_STATUS_REASONS,
    PREDEFINED_CONTENT,
    DEFAULT_PREDEFINED_CONTENT,
    PREDEFINED_CATEGORIES,
    WORKING_HOURS,
    SPECIAL_OCCASIONS,
    AGENT_SURVEYS,
    AUTOMATIC_MESSAGES,
    UNIFIED_AUTOMATIC_MESSAGES,
    CAMPAIGNS,
)
