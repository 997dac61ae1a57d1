"""Alarms in one form: a fixed name, a topic somebody hears, and a description that says what to do."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.stages import Stage
from moref.kernel import names

RUNBOOKS = "infra/ops/runbooks"


class Alarms:
    """Makes the alarms of one stack; all of them notify the operators' topic."""

    def __init__(self, scope: Construct, stage: Stage, topic: sns.ITopic) -> None:
        self._scope = scope
        self._stage = stage
        self._action = actions.SnsAction(topic)

    def add(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        *,
        above: float,
        periods: int = 1,
        todo: str,
    ) -> cloudwatch.Alarm:
        """Rings when `metric` was over `above` for that many periods. No data is good news.

        `name` is also that of its runbook, which the description names.
        """
        alarm = cloudwatch.Alarm(
            self._scope,
            f"Alarm-{name}",
            alarm_name=self._stage.resource(name),
            alarm_description=f"{todo} Runbook: {RUNBOOKS}/{name}.md",
            metric=metric,
            threshold=above,
            evaluation_periods=periods,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(self._action)
        return alarm


def product_metric(name: str, *, minutes: int = 5) -> cloudwatch.Metric:
    """A count that the code writes as an embedded metric, without dimensions: each tenant would be billed as one."""
    return cloudwatch.Metric(
        namespace=names.METRIC_NAMESPACE, metric_name=name, statistic="Sum", period=Duration.minutes(minutes)
    )
