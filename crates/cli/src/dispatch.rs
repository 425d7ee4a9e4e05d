//! Dispatch of parsed arguments to the verb.

use clap::ArgMatches;

use crate::args::{Verb, command, verb};
use crate::failure::{Exit, Failure, Outcome};
use crate::session::Session;
use crate::verbs::{
    ablate, align, bench, codec, codes, config, dash, data, eval, import, info, lora, models,
    package, pretrain, results, run, score, serve, task, tasks, train, voices,
};

/// Runs the verb of the command line.
pub fn dispatch(session: &Session, matches: &ArgMatches) -> Outcome {
    if let Some((name, of_task)) = matches.subcommand()
        && let Some(descriptor) = syrinx_registry::find_verb(name)
    {
        return task::run(session, descriptor, of_task);
    }
    match verb(matches).map_err(|e| Failure::new(Exit::Usage, e.to_string()))? {
        Verb::Align(args) => align::run(session, &args),
        Verb::Encode(args) => codes::encode(session, &args),
        Verb::Decode(args) => codes::decode(session, &args),
        Verb::Voices(args) => voices::run(session, &args),
        Verb::Tasks(args) => tasks::run(session, &args),
        Verb::Run(args) => run::run(session, &args),
        Verb::Info => info::run(session),
        Verb::Models(args) => models::run(session, &args),
        Verb::Import(args) => import::run(session, &args),
        Verb::Config(args) => config::run(session, &args),
        Verb::Eval(args) => eval::run(session, &args),
        Verb::Results(args) => results::run(session, &args),
        Verb::Ablate(args) => ablate::run(session, &args),
        Verb::Dash(args) => dash::run(session, &args),
        Verb::Data(args) => data::run(session, &args),
        Verb::Codec(args) => codec::run(session, &args),
        Verb::Train(args) => train::run(session, &args),
        Verb::Pretrain(args) => pretrain::run(session, &args),
        Verb::Bench(args) => bench::run(session, &args),
        Verb::Lora(args) => lora::run(session, &args),
        Verb::Package(args) => package::run(session, &args),
        Verb::Score(args) => score::run(session, &args),
        Verb::Serve(args) => serve::run(session, &args),
        Verb::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut command(), "syrinx", &mut script);
            session.print(String::from_utf8_lossy(&script).trim_end())
        }
    }
}
