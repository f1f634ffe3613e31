"""What is known of the human body: what organs do, their system and place, where bones are, what illness harms.

Knows anatomy as a ten-year-old learns it. Does not know how facts are asked, split or learned.
"""

from backend.pocket.relation import Relation, clash, column, pairs

# organ | job | system | place
ORGANS = """
heart | pumping blood | circulatory | chest
lungs | breathing | respiratory | chest
stomach | churning food | digestive | belly
brain | thinking | nervous | head
liver | cleaning blood/making bile | digestive | belly
kidneys | making urine/cleaning blood | urinary | lower back/belly
bladder | storing urine | urinary | pelvis/belly
skin | protecting the body/touching | - | -
small intestine | absorbing food | digestive | belly
large intestine | absorbing water | digestive | belly
gallbladder | storing bile | digestive | belly
pancreas | making insulin | - | belly
spinal cord | carrying messages | nervous | back
nerves | carrying messages | nervous | -
eyes | seeing | - | head
ears | hearing | - | head
nose | smelling/breathing | respiratory | head
tongue | tasting | - | mouth
teeth | chewing | digestive | mouth
salivary glands | making saliva | digestive | mouth
windpipe | carrying air | respiratory | throat
diaphragm | breathing | respiratory | chest
voice box | making sound | respiratory | throat
gullet | carrying food | digestive | throat/chest
tonsils | fighting germs | - | throat
arteries | carrying blood | circulatory | -
veins | carrying blood | circulatory | -
capillaries | carrying blood | circulatory | -
red blood cells | carrying oxygen | circulatory | -
white blood cells | fighting germs | - | -
platelets | clotting blood | circulatory | -
ureters | carrying urine | urinary | -
urethra | carrying urine | urinary | pelvis
bronchi | carrying air | respiratory | chest
air sacs | swapping gases | respiratory | chest
cerebellum | keeping balance | nervous | head
ribs | protecting the lungs | skeletal | chest
skull | protecting the brain | skeletal | head
pelvis | - | skeletal | -
backbone | - | skeletal | back
kneecap | protecting the knee | skeletal | -
jawbone | - | skeletal | head/mouth
biceps | bending the arm | muscular | -
triceps | straightening the arm | muscular | -
hamstrings | bending the knee | muscular | -
quadriceps | straightening the knee | muscular | -
calf muscles | - | muscular | -
chest muscles | - | muscular | -
eyelids | protecting the eyes | - | head
sweat glands | cooling the body | - | -
cornea | seeing | - | head
eardrum | hearing | - | head
"""

BONES = """
femur: thigh; tibia: shin; fibula: shin; humerus: upper arm; radius: forearm; ulna: forearm; sternum: chest;
clavicle: shoulder; scapula: shoulder; patella: knee; mandible: jaw; maxilla: jaw; cranium: head; carpals: wrist;
metacarpals: hand; tarsals: ankle; metatarsals: foot; talus: ankle; sacrum: hips; ilium: hips; coccyx: tailbone;
biceps: upper arm; triceps: upper arm; quadriceps: thigh; hamstrings: thigh; deltoid: shoulder; soleus: calf;
masseter: jaw; gluteus: buttocks; pectorals: chest; stirrup: ear; anvil: ear; hammer: ear; heel bone: foot
"""

ILLNESSES = """
asthma: lungs; bronchitis: lungs; pneumonia: lungs; hepatitis: liver; jaundice: liver; gingivitis: gums;
arthritis: joints; tooth decay: teeth; eczema: skin; acne: skin; cataract: eyes; glaucoma: eyes; migraine: head;
angina: heart; gastritis: stomach; tonsillitis: throat; laryngitis: throat; leukaemia: blood; anaemia: blood;
osteoporosis: bones; rickets: bones; meningitis: brain; epilepsy: brain; conjunctivitis: eyes; dermatitis: skin
"""

JOB_CLASHES = clash(
    "carrying blood, pumping blood, carrying oxygen, cleaning blood, clotting blood",
    "breathing, carrying air, swapping gases, smelling, carrying oxygen, making sound",
    "churning food, absorbing food, carrying food, chewing, absorbing water, making saliva, tasting",
    "thinking, carrying messages, keeping balance, seeing, hearing",
    "making urine, storing urine, carrying urine, cleaning blood",
    "storing bile, making bile, making insulin, making saliva",
    "bending the arm, straightening the arm",
    "bending the knee, straightening the knee, protecting the knee",
    "fighting germs, protecting the body",
    "hearing, keeping balance",
    "touching, cooling the body, protecting the body",
    "protecting the lungs, protecting the brain, protecting the body, protecting the eyes, protecting the knee",
)


def relations() -> list[Relation]:
    """The five relations of the domain body."""
    return [_job(), _system(), _place(), _bone(), _illness()]


def _job() -> Relation:
    return Relation(
        "body",
        "job",
        "the",
        column(ORGANS, 1),
        (
            "What is the main task of {x} in the human body?",
            "Which duty is performed by {x}?",
            "For which activity does the body rely on {x}?",
        ),
        (
            "The main task of {x} in the human body is {v}.",
            "The duty performed by {x} is {v}.",
            "The body relies on {x} for the activity of {v}.",
            "When it comes to {v} we need {x}.",
        ),
        JOB_CLASHES,
    )


def _system() -> Relation:
    return Relation(
        "body",
        "system",
        "the",
        column(ORGANS, 2),
        (
            "Which body system would be incomplete without {x}?",
            "Which organ system includes {x}?",
            "Under which system is {x} described in a medical book?",
        ),
        (
            "The body system that is incomplete without {x} is called {v}.",
            "The organ system that includes {x} is called {v}.",
            "A medical book describes {x} under the system called {v}.",
        ),
        clash("skeletal, muscular"),
    )


def _place() -> Relation:
    return Relation(
        "body",
        "place",
        "the",
        column(ORGANS, 3),
        (
            "In which region of the body would a surgeon find {x}?",
            "Where inside a person is the location of {x}?",
            "Where should a doctor point to show {x}?",
        ),
        (
            "A surgeon finds {x} in the region of the {v}.",
            "The location of {x} inside a person is the {v}.",
            "To show {x} a doctor points to the {v}.",
            "The {v} holds {x}.",
        ),
        clash("head, mouth, throat", "belly, pelvis, lower back, back", "chest, throat", "chest, back"),
    )


def _bone() -> Relation:
    return Relation(
        "body",
        "bone",
        "the",
        pairs(BONES),
        (
            "Which body part would hurt after an injury to {x}?",
            "An x-ray of {x} shows which body part?",
            "Where is {x} found on a human?",
        ),
        (
            "After an injury to {x} the part that hurts is the {v}.",
            "An x-ray of {x} shows the {v}.",
            "On a human {x} is found at the {v}.",
            "Nature built {x} into the {v}.",
        ),
        clash(
            "thigh, hips, buttocks, tailbone, knee",
            "shin, calf, knee, ankle",
            "ankle, foot",
            "wrist, hand, forearm",
            "upper arm, shoulder, forearm",
            "chest, shoulder",
            "head, jaw, ear",
        ),
    )


def _illness() -> Relation:
    return Relation(
        "body",
        "illness",
        "",
        pairs(ILLNESSES),
        (
            "Which part of a person suffers from {x}?",
            "What is affected in a patient with {x}?",
            "Which of these is harmed by {x}?",
        ),
        (
            "The part of a person that suffers from {x} is the {v}.",
            "In a patient with {x} a doctor looks at the affected {v}.",
            "The illness {x} harms the {v}.",
        ),
        clash("brain, head", "gums, teeth", "joints, bones", "heart, blood", "lungs, throat"),
    )
